"""
The screens: pages for phones and desks, which know of the hospital what its public API says.

A page is a shell, the same for everybody, at an address that names no person; its module
(``static/web/AREA/…``) fetches what is shown, with the token and the key of who sits before it.
So no page has a rule or a query of its own, and no cache holds a person's data.
"""
