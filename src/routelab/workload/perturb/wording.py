"""The words that edits are made of: ordinary English, words of the same meaning, polite wrappings. Knows no query."""

from __future__ import annotations

_PAIRS = """
answer/reply begin/start big/large build/construct buy/purchase calculate/compute choose/select describe/depict
determine/find explain/clarify find/determine following/subsequent give/provide happy/glad help/assist
important/significant job/task large/big mistake/error need/require often/frequently quickly/rapidly repair/mend
reply/answer select/choose show/display small/little story/tale
"""
_EVERYDAY = """
about after again all also always among an and another any are as ask asked at be because been before being below
between both but by called can carefully come comes complete consider contains could correct did do does done each
either else every exactly example explanation few first follow follows for from full further given gives goes had has
have here how if in into is it its just kind know last least less let like made make makes many may means meaning might
more most much must name nothing now number of off on only or order other our out over own pick please possible
question read receive result return same say says see should so some something state still such suppose take
takes than that the their them then there these they thing think this those through time to together too total
under until up us used uses using very want was way we well were what when where whether which while who whole whose
why will with without word work would write wrong you your yourself
"""
MEANS_THE_SAME = dict(pair.split("/") for pair in _PAIRS.split())
ORDINARY = frozenset(_EVERYDAY.split()) | frozenset(MEANS_THE_SAME)

OPENINGS = (
    "Could you help me with this? ",
    "Hello, I have a question for you. ",
    "Please look at the following. ",
    "I would be glad of your help here: ",
)
CLOSINGS = ("", "\nThank you!", "\nThanks in advance.", "\nMany thanks for your help.")

PREAMBLES = (
    """Good morning, and thank you for taking the time to look into this. Our team has been reviewing how we handle
everyday requests, and we would like every colleague to receive the same friendly and careful service. Please treat
what comes below as you would treat any message that reaches our desk. There is no hurry, nobody is waiting in the
corridor, and the coffee machine has at last been mended. We are grateful for your patience and look forward to working
with you. Now to the matter itself.""",
    """This message is sent to you through the general enquiries channel. Before it was forwarded, it was checked for
completeness and found to be in good order, so no form needs to be filled in and no reference has to be quoted. Our
office stays open during the usual hours, and visitors are always welcome in the reception hall. We kindly remind you
that the car park behind the building is being resurfaced and that the side entrance remains available. What we would
like to ask of you follows here.""",
    """I hope that this note finds you well. Things have been rather busy here lately: the garden wanted attention, the
post came late, and relatives stayed for longer than anyone had planned. Still, it has been a pleasant season, and
nobody should complain. I have been told that you are kind to people who write at length and say little, which is just
as well, as you can see. Please forgive the long introduction; I simply did not wish to begin without a proper greeting.
Here, then, is my actual request.""",
)
