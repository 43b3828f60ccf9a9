"""Notices: what somebody has to know, on the screen at once and by one mail a day where the city has a mail server.

This room knows neither sheets nor campaigns: a kind is a code, a subject an id, and the words come through a port.
"""
