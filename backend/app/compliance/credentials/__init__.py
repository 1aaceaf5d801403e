"""What a graduate takes along: diplomas and certificates with serial numbers, signed PDFs and Open Badges.

`types` are the kinds of credentials, `awards` issues and ends them, `badges` signs what other systems read, `holders`
is what the student does with their own, `public` answers whoever verifies one.
"""
