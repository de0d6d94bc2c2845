"""The pages as a site: `make docs`."""

project = "ses-constructs"
extensions = ["myst_parser"]
exclude_patterns = ["conf.py"]
myst_heading_anchors = 3  # links to headings are written as the repository's pages have them
html_theme = "furo"
html_title = "ses-constructs"
