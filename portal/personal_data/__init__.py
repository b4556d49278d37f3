"""Personal data: the register of its classes, what is held of a person, its export and end."""
