"""The edge towards the browser: access guard, forms, headers, errors, layout. Knows no domain."""
