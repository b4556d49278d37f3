"""Blob care as operators see it: the commands, the periodic jobs, the staff page.

The floor knows neither jobs nor audit entries, so what joins them to it lies under the roof.
"""
