"""Phone families: what a phone says, what it is given, and where its values are read.

A family is data: one TOML file and one folder of templates (flat_phone.toml is the pattern to
copy). `loading.load_families` reads them at start, `identification.identify` uses them.
"""
