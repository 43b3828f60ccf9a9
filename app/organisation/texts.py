"""Japanese labels of the organisation."""

from app.organisation.rules import PolicyOwner, Standing, UnitAspect, UnitFunction, UnitKind

UNIT_KIND = {
    UnitKind.BODY: "執行機関等",
    UnitKind.DEPARTMENT: "部",
    UnitKind.DIVISION: "課",
    UnitKind.SUBSECTION: "係",
    UnitKind.BRANCH: "出先",
}
POLICY_OWNER = {
    PolicyOwner.MAYOR: "市長部局",
    PolicyOwner.EDUCATION: "教育委員会",
    PolicyOwner.ASSEMBLY: "議会",
    PolicyOwner.UTILITY: "公営企業",
    PolicyOwner.HOSPITAL: "病院",
    PolicyOwner.FIRE: "消防",
}
UNIT_FUNCTION = {
    UnitFunction.LEAD_DIVISION: "情報主管課",
    UnitFunction.SUBSTITUTE_REVIEW: "代替審査",
    UnitFunction.AUDIT: "監査",
}
UNIT_ASPECT = {
    UnitAspect.NAME: "名称",
    UnitAspect.KANA: "かな",
    UnitAspect.KIND: "種別",
    UnitAspect.POLICY_OWNER: "ポリシー主体",
    UnitAspect.PARENT: "上位の所属",
}
STANDING = {Standing.IN_FORCE: "現在", Standing.TO_COME: "予定", Standing.ENDED: "終了"}
