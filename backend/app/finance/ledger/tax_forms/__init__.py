"""The figures of IRS Form 1098-T by calendar year and student."""
