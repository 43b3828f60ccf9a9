"""Reading for reminders: who would be told what now, the lead division's pages, the words of notices."""
