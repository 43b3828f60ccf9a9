"""Disposal: records leave the database only as a batch that one person prepared and another approved."""
