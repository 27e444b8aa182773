-- Receipts that came before this table had one transfer each: ours ask for one.
insert into payment_transfer (tenant_id, receipt_id, transfer_index, amount_cents, paid_on, state)
select tenant_id, id, 1, amount_cents, coalesce(application_on, substr(coalesce(paid_at, received_at), 1, 10)), 'paid'
from payment_receipt where amount_cents > 0;
