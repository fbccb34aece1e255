"""Mathematics: values in, frozen results out. No Django, no files, no network, no global randomness."""
