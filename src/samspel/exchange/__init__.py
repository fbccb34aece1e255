"""Give and get: needs and offers, who could help whom, and everybody's yes before anybody knows who."""
