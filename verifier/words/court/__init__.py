"""The report of an evidence pack as a court reads it (R40): content, words, and its layout in HTML."""
