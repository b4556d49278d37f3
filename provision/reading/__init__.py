"""Reading phones from afar, one or many: by command, by program and on pages."""
