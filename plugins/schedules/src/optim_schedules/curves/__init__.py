"""Curves: functions of a step."""
