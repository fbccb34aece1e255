"""Documents that people print or keep: templates in Typst, filled with data, as tagged PDF."""
