"""Phones that call and are in no register: waiting to be taken in one by one, or forgotten.

They are the check-ins without a device, which are limited in rate, number of rows and age.
"""
