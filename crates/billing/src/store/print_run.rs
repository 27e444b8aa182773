use db::{ToValue, Tx};
use kernel::Ctx;

use super::documents::{COLUMNS, Part, part};
use super::places;
use crate::Error;
use crate::print_run::{PrintPlace, PrintSelection};

/// Documents with something to pay by notice. `$2` is the series, empty for all; the numbers begin at `$5`.
fn selected(selection: &PrintSelection) -> String {
    let numbers = match selection.numbers.len() {
        0 => String::new(),
        count => format!("and d.number in ({})", places(5, count)),
    };
    format!(
        "d.tenant_id = $1 and ($2 = '' or d.series = $2) and d.state = 'issued' and d.enforced_on is null {numbers}
         and exists (select 1 from instalment w join debt_position p on p.tenant_id = w.tenant_id and p.id = w.position_id
                     where w.tenant_id = $1 and w.document_id = d.id and p.state = 'payable')"
    )
}

pub(crate) async fn count(tx: &mut Tx, ctx: &Ctx, selection: &PrintSelection) -> Result<usize, Error> {
    let start = PrintPlace::default();
    // a place before all, so that the parameters are numbered as those of a page
    let sql =
        format!("select count(*) from billing_document d where {} and (d.series, d.number) > ($3, $4)", selected(selection));
    let count: i64 = tx.query_one(&sql, &params(ctx, selection, &start, &series(selection))).await?.get(0)?;
    Ok(usize::try_from(count).expect("a count is not negative"))
}

/// All instalments of the next documents: by series, number, instalment.
pub(crate) async fn page(
    tx: &mut Tx,
    ctx: &Ctx,
    selection: &PrintSelection,
    after: &PrintPlace,
    most: usize,
) -> Result<Vec<Part>, Error> {
    let sql = format!(
        "select {COLUMNS} from billing_document d
         join instalment i on i.tenant_id = $1 and i.document_id = d.id
         left join pupil p on p.tenant_id = $1 and p.id = d.pupil_id
         left join debt_position o on o.tenant_id = $1 and o.id = i.position_id
         where d.tenant_id = $1 and d.id in (select d.id from billing_document d where {} and (d.series, d.number) > ($3, $4)
                                             order by d.series, d.number limit {most})
         order by d.series, d.number, i.number",
        selected(selection)
    );
    tx.query(&sql, &params(ctx, selection, after, &series(selection))).await?.iter().map(part).collect()
}

fn series(selection: &PrintSelection) -> String {
    selection.series.clone().unwrap_or_default()
}

fn params<'a>(
    ctx: &'a Ctx,
    selection: &'a PrintSelection,
    after: &'a PrintPlace,
    series: &'a dyn ToValue,
) -> Vec<&'a dyn ToValue> {
    let mut params: Vec<&dyn ToValue> = vec![&ctx.tenant, series, &after.series, &after.number];
    params.extend(selection.numbers.iter().map(|number| number as &dyn ToValue));
    params
}
