"""Reminders by rule: who is told before and after each due date of a sheet, and what the lead division sees of it."""
