"""The WSGI entry point: `flask --app wsgi …`, waitress and gunicorn all start here."""

from app import create_app

app = create_app()
