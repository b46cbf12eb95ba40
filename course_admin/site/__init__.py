"""`course site`: the course as web pages, made with Sphinx from executed releases and the manuals in docs/."""
