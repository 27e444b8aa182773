/// What a guardianship may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    View,
    ReportAbsences,
    Pay,
    TaxPapers,
}

impl Right {
    fn column(self) -> &'static str {
        match self {
            Right::View => "may_view",
            Right::ReportAbsences => "may_report_absences",
            Right::Pay => "may_pay",
            Right::TaxPapers => "may_have_tax_papers",
        }
    }
}

/// The one rule of who may see what of a pupil, as a condition for any select: `pupil` is the column with the pupil's id
/// (with its alias), `tenant`, `person` and `today` are expressions or parameters.
///
/// A restriction in force today wins over every right. It is a list, so that the engines go from the person to the pupils
/// and from there to the rows.
pub fn visible_clause(tenant: &str, pupil: &str, person: &str, today: &str, right: Right) -> String {
    let (right, restricted) = (right.column(), restricted_clause("g", today));
    format!(
        "{pupil} in (select g.pupil_id from guardianship g where g.tenant_id = {tenant} and g.person_id = {person}
         and g.{right} and g.from_on <= {today} and (g.to_on is null or g.to_on >= {today})
         and not {restricted})"
    )
}

/// Whether the guardianship `g` is restricted on the day: a restriction written without a first or a last day is open on
/// that side, and an act alone restricts until it is taken away.
pub(crate) fn restricted_clause(g: &str, day: &str) -> String {
    format!(
        "(({g}.restricted_from_on is not null or {g}.restricted_to_on is not null or {g}.restriction_act is not null)
          and ({g}.restricted_from_on is null or {g}.restricted_from_on <= {day})
          and ({g}.restricted_to_on is null or {g}.restricted_to_on >= {day}))"
    )
}
