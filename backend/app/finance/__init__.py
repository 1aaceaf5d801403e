"""Money: what students owe, pay and get back.

What is registered with lower rooms is in `registrations`, so that a calculation loads without the whole school.
"""
