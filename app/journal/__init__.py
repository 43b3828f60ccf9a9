"""The journal (操作ログ): append-only, chained per subject, bound by seals. Never called audit log: `audits` are 監査."""
