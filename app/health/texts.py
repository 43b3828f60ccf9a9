"""Japanese labels of the regular jobs, and of what each of them counts."""

from typing import Final

from app.health.rules import Job

JOB: Final = {
    Job.REMINDERS: "期限のお知らせ",
    Job.LOCKS: "猶予日を過ぎた点検票のお知らせ",
    Job.INVENTORY: "アカウント棚卸しのお知らせと停止",
    Job.MAIL: "お知らせのメール",
    Job.DOCUMENTS: "結果の書類の保管",
    Job.BUNDLES: "頼まれた書類のまとめ",
    Job.SEAL: "操作ログの封印",
    Job.FILES: "使われなくなったファイルの整理",
    Job.SENT_FORMS: "古い送信の控えの整理",
    Job.SIGN_IN_COUNTS: "古いログイン失敗の数の整理",
    Job.SESSIONS: "保存期間を過ぎたログイン記録の整理",
    Job.RECOVERIES: "確認されなかった二段階認証の解除の申し出",
}
