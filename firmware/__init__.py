"""Firmware: releases and their images, channels, upgrade paths and stepwise offers."""
