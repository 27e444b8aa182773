list-found = { $total ->
    [one] Found 1 result, page { $page } of { $pages }
   *[other] Found { $total } results, page { $page } of { $pages }
 }
