"""What both HTTP services share: bounds, headers, errors as answers, and how they listen."""
