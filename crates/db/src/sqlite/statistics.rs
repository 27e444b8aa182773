//! What SQLite is told of the rows it will find.
//!
//! Left to itself it guesses that a tenant has ten rows of a table, and walks a whole town's to save a sort; measured
//! figures would give every Comune plans of its own. So all have these figures, and the same plans: a tenant's rows are a
//! million, each further column of an index leaves ten or fewer, a unique index one.

/// Makes the tables SQLite keeps its figures in, and fills them with ours. To be run when the tables have changed.
pub(crate) const TELL: &str = "
analyze schema_migration;
delete from sqlite_stat1;
delete from sqlite_stat4;
insert into sqlite_stat1 (tbl, idx, stat)
with part as (
    select t.name as tbl, i.name as idx, i.\"unique\" as is_unique, c.name as column_name, c.seqno as place,
           count(*) over (partition by i.name) as places
    from sqlite_schema t, pragma_index_list(t.name) i, pragma_index_info(i.name) c where t.type = 'table')
select tbl, idx, '1000000 ' || group_concat(
    case when column_name = 'tenant_id' then 1000000 when is_unique and place = places - 1 then 1 else max(2, 11 - place) end,
    ' ' order by place)
from part group by tbl, idx;";
