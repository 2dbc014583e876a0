"""What becomes of a registered certificate outside of any case: remarks, objections, lapse, its end."""
