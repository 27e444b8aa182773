//! What SQLite is told of the rows it will find.
//!
//! Left to itself it guesses that a tenant has ten rows of a table, and walks a whole town's to save a sort; measured
//! figures would give every Comune plans of its own. So all have these figures, and the same plans: a tenant's rows are a
//! million, a coarse column leaves a tenth of them, any other column ten or fewer, a unique index one.

use std::sync::LazyLock;

/// Columns in which many rows of a tenant have the same value.
pub(crate) const COARSE: [&str; 10] =
    ["state", "kind", "status", "outcome", "service_id", "school_year", "site_id", "level", "scheme", "role"];

/// Makes the tables SQLite keeps its figures in, and fills them with ours. To be run when the tables have changed.
pub(crate) static TELL: LazyLock<String> = LazyLock::new(|| {
    let coarse: Vec<String> = COARSE.iter().map(|name| format!("'{name}'")).collect();
    TEMPLATE.replace("COARSE", &coarse.join(", "))
});

const TEMPLATE: &str = "
analyze schema_migration;
delete from sqlite_stat1;
delete from sqlite_stat4;
insert into sqlite_stat1 (tbl, idx, stat)
with part as (
    select t.name as tbl, i.name as idx, c.seqno as place,
           i.\"unique\" and c.seqno = count(*) over (partition by t.name, i.name) - 1 as is_one,
           sum(c.name in (COARSE)) over of_index as coarse, sum(c.name not in ('tenant_id', COARSE)) over of_index as fine
    from sqlite_schema t, pragma_index_list(t.name) i, pragma_index_info(i.name) c where t.type = 'table'
    window of_index as (partition by t.name, i.name order by c.seqno))
select tbl, idx, '1000000 ' || group_concat(
    case when is_one then 1 when fine > 0 then max(2, 11 - place) when coarse > 1 then 10000 when coarse = 1 then 100000
         else 1000000 end, ' ' order by place)
from part group by tbl, idx;";
