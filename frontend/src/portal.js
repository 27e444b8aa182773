// Enhancement only: every page works without it.
(() => {
  const $ = (selector, root = document) => [...root.querySelectorAll(selector)];

  // A refused form: the summary is read first.
  $('.error-summary').slice(0, 1).forEach((summary) => summary.focus());

  // A page that only carries a signed message on.
  $('form[data-auto-submit]').forEach((form) => form.submit());

  // The running total, and the pagoPA cart's limit of five before it bites.
  $('form[data-pay]').forEach((form) => {
    const boxes = $('input[type=checkbox][data-cents]', form);
    const most = Number(form.dataset.most || 5);
    const euro = new Intl.NumberFormat('it-IT', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    const update = () => {
      const chosen = boxes.filter((box) => box.checked);
      const cents = chosen.reduce((sum, box) => sum + Number(box.dataset.cents), 0);
      $('.js-count', form).forEach((place) => { place.textContent = chosen.length; });
      $('.js-total', form).forEach((place) => { place.textContent = `${euro.format(cents / 100)} €`; });
      $('.js-sum', form).forEach((place) => { place.hidden = false; });
      $('.js-most', form).forEach((place) => { place.hidden = chosen.length < most; });
      boxes.forEach((box) => { box.disabled = !box.checked && chosen.length >= most; });
    };
    form.addEventListener('change', update);
    update();
  });

  // A second press of the same button does nothing.
  $('form[method=post]').forEach((form) => form.addEventListener('submit', (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = '1';
    setTimeout(() => { delete form.dataset.sent; }, 8000);
  }));

  // Filters are open where there is room.
  if (matchMedia('(min-width: 768px)').matches) $('details.filters').forEach((details) => { details.open = true; });

  // Two minutes before the session ends, a question.
  const { sessionEndsIn, sessionStayAt, sessionTitle, sessionText, sessionStay } = document.body.dataset;
  const plan = (seconds) => setTimeout(warn, (seconds - 120) * 1000);
  const warn = () => {
    const dialog = document.createElement('dialog');
    dialog.className = 'session-dialog';
    dialog.setAttribute('aria-labelledby', 'session-title');
    const add = (tag, text) => Object.assign(dialog.appendChild(document.createElement(tag)), { textContent: text });
    add('h2', sessionTitle).id = 'session-title';
    add('p', sessionText);
    const stay = add('button', sessionStay);
    stay.className = 'btn btn-primary';
    stay.addEventListener('click', async () => {
      const answer = await fetch(sessionStayAt);
      dialog.remove();
      const left = Number(await answer.text());
      if (left > 120) plan(left);
    });
    document.body.append(dialog);
    dialog.showModal();
  };
  if (sessionEndsIn && window.HTMLDialogElement) plan(sessionEndsIn);
})();
