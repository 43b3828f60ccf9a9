"""Japanese words for mails and why they were not sent."""

from typing import Final

from app.notices.rules import MailCause, MailState

MAIL_STATE: Final = {
    MailState.SENDING: "送っているところ",
    MailState.SENT: "送りました",
    MailState.WAITING: "あとでもう一度送ります",
    MailState.FAILED: "送れませんでした",
    MailState.UNCERTAIN: "送れたか分かりません",
}
MAIL_CAUSE: Final = {
    MailCause.UNREACHABLE: "メールサーバーにつながりません。動いているかと、SMTP の設定を確かめてください。",
    MailCause.TLS: "メールサーバーと暗号化した通信を始められません。証明書と SMTP_SECURITY の設定を確かめてください。",
    MailCause.SIGN_IN: "メールサーバーにログインできません。SMTP_SECURITY、SMTP_USER、SMTP_PASSWORD を確かめてください。",
    MailCause.SENDER: "メールサーバーが差出人を断りました。SMTP_FROM を確かめてください。",
    MailCause.LATER: "メールサーバーが、あとで送り直すように答えました。",
    MailCause.REFUSED: "メールサーバーが断りました。宛先のメールアドレスが正しいか確かめてください。",
    MailCause.BROKEN_OFF: "渡している途中で切れました。届いたかもしれないため、自動では送り直しません。",
    MailCause.NO_ADDRESS: "メールアドレスがないか、本人がメールを受け取らない設定にしました。",
}
