"""
A stand-in for WeChat's servers, for a computer that cannot or must not reach them.

It speaks the wire format, signatures included, and checks as strictly as the original, so the
client under test is the client in use. It is a program of its own (``wsgi``) with keys of its own
(``keys``); no app imports it, and it imports no app.
"""
