"""What is here for speed alone: with torch's own layers, models would only train more slowly."""
