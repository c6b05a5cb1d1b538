"""The lists of `virtuoso top`: what each tab reads, and its texts. No module here imports Textual widgets.

listing        what a list consists of
movers         the largest moves of the venue
signals        active and closed signals, with their record; signal_text has the texts of one
opportunities  opportunities that have not expired
alerts         alerts as they happen
betas          how the symbols move with BTC; beta_text has the texts of one
"""
