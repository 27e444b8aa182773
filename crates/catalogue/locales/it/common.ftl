# Words that stand on many pages.
list-found = { $total ->
    [one] Trovato 1 risultato, pagina { $page } di { $pages }
   *[other] Trovati { $total } risultati, pagina { $page } di { $pages }
 }
