"""Every area and its pages."""

from web.areas import board, courier, doctor, patient, payer, pharmacy, reviewer, window
from web.pages import Area

AREAS: tuple[Area, ...] = (
    window.AREA,
    patient.AREA,
    doctor.AREA,
    reviewer.AREA,
    pharmacy.AREA,
    courier.AREA,
    payer.AREA,
    board.AREA,
)
