create function refuse_change() returns trigger language plpgsql as $$ begin raise exception '% is append-only', tg_table_name; end $$;
create trigger audit_event_is_append_only before update or delete on audit_event for each row execute function refuse_change();
