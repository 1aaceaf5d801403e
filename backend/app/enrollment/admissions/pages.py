"""All pages of admissions."""

from fastapi import APIRouter

from app.enrollment.admissions.applications import pages as applications
from app.enrollment.admissions.papers import pages as papers

router = APIRouter()
# /admissions/documents and the like stand before /admissions/{application_id}.
router.include_router(papers.router)
router.include_router(applications.router)
