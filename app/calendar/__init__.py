"""The city's working days: national holidays, the end of the year, and the days on which the city itself is closed."""
