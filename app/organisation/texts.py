"""Japanese labels of the organisation."""

from app.organisation.rules import PolicyOwner, UnitKind

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
