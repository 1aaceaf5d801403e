"""The details of each action: which facts a row of the history carries, and of which type.

`app.core.actions` names one of these for every action; `history.record` refuses anything else. Nothing here is ever
a secret. Moments and dates are kept as ISO 8601, percentages with decimals as text.
"""
