"""Permissions, named `scope:resource:action`, in alphabetical order.

`unit` permissions look at the unit of a subject, `city` permissions at the whole city, `own` ones at the actor.
"""

from enum import StrEnum


class Permission(StrEnum):
    """Everything that somebody may be allowed to do."""

    CITY_ACCESS_LOG_READ = "city:access-log:read"
    CITY_ACCOUNT_MANAGE = "city:account:manage"
    CITY_CALENDAR_MANAGE = "city:calendar:manage"
    CITY_CAMPAIGN_OPEN = "city:campaign:open"
    CITY_CAMPAIGN_PREPARE = "city:campaign:prepare"
    CITY_CAMPAIGN_READ = "city:campaign:read"
    CITY_CHECKLIST_IMPORT = "city:checklist:import"
    CITY_CHECKLIST_PUBLISH = "city:checklist:publish"
    CITY_CHECKLIST_READ = "city:checklist:read"
    CITY_DISPOSAL_APPROVE = "city:disposal:approve"
    CITY_DISPOSAL_PREPARE = "city:disposal:prepare"
    CITY_INSTALLATION_READ = "city:installation:read"
    CITY_PROGRESS_READ = "city:progress:read"
    CITY_REMINDER_SEND = "city:reminder:send"
    CITY_REVIEW_READ = "city:review:read"
    CITY_REVIEW_TEMPLATE_MANAGE = "city:review-template:manage"
    CITY_SECOND_FACTOR_RECOVER = "city:second-factor:recover"
    CITY_SYSTEM_MANAGE = "city:system:manage"
    CITY_SYSTEM_READ = "city:system:read"
    OWN_ACCOUNT_USE = "own:account:use"
    UNIT_DUTY_NAME = "unit:duty:name"
    UNIT_EXTENSION_DECIDE = "unit:extension:decide"
    UNIT_EXTENSION_REQUEST = "unit:extension:request"
    UNIT_INSPECTION_ANSWER = "unit:inspection:answer"
    UNIT_INSPECTION_APPROVE = "unit:inspection:approve"
    UNIT_INSPECTION_CLOSE = "unit:inspection:close"
    UNIT_INSPECTION_HISTORY = "unit:inspection:history"
    UNIT_INSPECTION_READ = "unit:inspection:read"
    UNIT_INSPECTION_REOPEN_CONFIRM = "unit:inspection:reopen-confirm"
    UNIT_INSPECTION_REOPEN_REQUEST = "unit:inspection:reopen-request"
    UNIT_INSPECTION_REVIEW = "unit:inspection:review"
    UNIT_INSPECTION_SIGN_OFF = "unit:inspection:sign-off"
    UNIT_QUESTION_ANSWER = "unit:question:answer"
    UNIT_SECOND_FACTOR_CONFIRM = "unit:second-factor:confirm"
