"""What is found, in words, Chinese and English: the same for command line, page and paper."""
