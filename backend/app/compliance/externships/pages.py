"""All pages of externships."""

from fastapi import APIRouter

from app.compliance.externships.hours import pages as hours
from app.compliance.externships.links import pages as links
from app.compliance.externships.placements import pages as placements
from app.compliance.externships.sites import pages as sites

router = APIRouter()
# /externships/sites and the like stand before /externships/{externship_id}.
router.include_router(sites.router)
router.include_router(placements.router)
router.include_router(hours.router)
router.include_router(links.router)
