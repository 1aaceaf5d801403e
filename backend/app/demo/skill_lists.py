"""What the demo school checks off: sections, skills, and rubrics as they are typed."""

from app.demo.catalog import ASSISTANT, EXPANDED, OFFICE
from app.demo.skill_plans import HANDS, PPE, SCALE, TALKS, SkillPlan, section

_INFECTION = section(
    "Infection control",
    (
        "Wash hands and put on protective equipment",
        2,
        (
            "Removes jewelry",
            "Lathers for at least 15 seconds, fingertips included",
            "Dries from the fingers down",
            PPE,
            "! Takes equipment off without touching its outside",
        ),
    ),
    (
        "Set up and break down a treatment room",
        2,
        (
            HANDS,
            "Flushes water lines for two minutes",
            "Covers every surface that is touched",
            "! Disposes of sharps at the chair, in the sharps container",
            f"Disinfects in the right order {SCALE}",
            "Leaves the disinfectant wet for its contact time",
        ),
    ),
    (
        "Process instruments for sterilization",
        2,
        (
            "Wears utility gloves",
            "! Never hand-scrubs what the ultrasonic cleaner takes",
            "Dries and inspects instruments",
            "Packs with an indicator and the date",
            f"Loads without crowding {SCALE}",
        ),
    ),
    (
        "Run the sterilizer and read its indicators",
        1,
        (
            "Chooses the cycle for the load",
            "Checks time, temperature and pressure",
            "! Holds a load whose indicator failed",
            "Writes the load in the log",
        ),
    ),
    (
        "Run a weekly spore test",
        1,
        (
            "Places the strip in the middle of the load",
            "Sends the control with it",
            "! Says what happens after a positive test",
            "Files the result",
        ),
    ),
    (
        "Respond to an exposure",
        1,
        (
            "! Stops and washes the wound at once",
            "Reports to the supervisor",
            "Secures the source patient’s record",
            "Completes the incident report",
            f"Names the deadline for medical evaluation {SCALE}",
        ),
    ),
)
_CHAIRSIDE = section(
    "Chairside assisting",
    (
        "Seat and dismiss a patient",
        1,
        (
            "Greets by name and checks identity",
            "! Asks about changes in health and allergies",
            "Adjusts chair and light",
            TALKS,
            "Gives the instructions for after the visit",
        ),
    ),
    (
        "Take and record vital signs",
        2,
        (
            "Places the cuff at the level of the heart",
            f"Reads within 4 mm Hg of the evaluator {SCALE}",
            "Counts pulse and respiration for 30 seconds",
            "! Reports readings beyond the office’s limits",
            "Records with date and time",
        ),
    ),
    (
        "Chart existing conditions",
        2,
        (
            "Uses tooth numbers and surfaces rightly",
            f"Keeps up with the dentist {SCALE}",
            "Repeats unclear findings",
            "! Changes nothing without initials and date",
        ),
    ),
    (
        "Pass and receive instruments",
        2,
        (
            PPE,
            "Passes in the transfer zone, below the chin",
            f"Keeps the sequence without being asked {SCALE}",
            "! Never passes over the patient’s face",
            "Keeps the tips clean",
        ),
    ),
    (
        "Evacuate the mouth during a procedure",
        2,
        (
            PPE,
            "Places the tip before the handpiece starts",
            f"Keeps mirror and field clear {SCALE}",
            "Avoids the soft palate",
            "Protects tongue and cheek",
        ),
    ),
    (
        "Place and remove a dental dam",
        2,
        (
            "Chooses the clamp for the tooth",
            "! Ties floss to the clamp",
            f"Inverts the dam around each tooth {SCALE}",
            "Checks for torn pieces after removal",
            TALKS,
        ),
    ),
    (
        "Prepare for local anesthesia",
        1,
        (
            "Checks the history for the dentist",
            "Loads the syringe",
            "! Keeps the needle capped until it is passed",
            "! Recaps with one hand or a device",
            "Watches the patient afterwards",
        ),
    ),
    (
        "Mix and pass a permanent cement",
        1,
        (
            "Reads the manufacturer’s instructions",
            "Measures powder and liquid",
            f"Mixes to the right consistency {SCALE}",
            "Stays within the working time",
        ),
    ),
    (
        "Assist with a composite restoration",
        1,
        (
            PPE,
            "Has shade guide, etchant, bond and composite ready",
            f"Keeps the field dry {SCALE}",
            "! Shields eyes from the curing light",
            "Passes articulating paper",
        ),
    ),
    (
        "Assist with an amalgam restoration",
        1,
        (
            PPE,
            "Assembles matrix and wedge",
            "Triturates for the time given",
            "! Collects scrap in the sealed container",
            f"Passes carver and burnisher in order {SCALE}",
        ),
    ),
)
_RADIOGRAPHY = section(
    "Radiography",
    (
        "Prepare patient and room for exposures",
        2,
        (
            HANDS,
            "! Asks about pregnancy and recent images",
            "Places apron and thyroid collar",
            "Removes glasses and appliances",
            "Covers tubehead and controls",
        ),
    ),
    (
        "Expose a bitewing radiograph",
        2,
        (
            PPE,
            f"Places the receptor so that contacts open {SCALE}",
            "Aligns the beam with the ring",
            "! Stands behind the barrier during the exposure",
            "Records exposure in the chart",
        ),
    ),
    (
        "Expose a periapical series with the paralleling technique",
        2,
        (
            PPE,
            f"Keeps receptor and tooth parallel {SCALE}",
            f"Shows the whole tooth with 2 mm beyond the apex {SCALE}",
            "! Stands behind the barrier during the exposure",
            "Needs no more than two retakes",
        ),
    ),
    (
        "Expose a panoramic image",
        1,
        (
            "Removes metal from head and neck",
            f"Sets midline and Frankfort plane {SCALE}",
            "Has the tongue on the palate",
            "! Stands behind the barrier during the exposure",
        ),
    ),
    (
        "Handle and process digital receptors",
        1,
        (
            "Covers sensor or plate",
            "! Disinfects between patients",
            "Saves under the right patient",
            "Never bends the cable or plate",
        ),
    ),
    (
        "Mount and evaluate a full-mouth series",
        1,
        (
            "Mounts by landmarks",
            f"Names errors and their causes {SCALE}",
            "Says which images need a retake",
            "! Labels with name and date",
        ),
    ),
    (
        "Apply ALARA and keep exposure records",
        1,
        (
            "Names time, distance and shielding",
            "Chooses settings for a child",
            "! Never holds the receptor for a patient",
            "Reads a dosimeter report",
        ),
    ),
)
_LABORATORY = section(
    "Laboratory and materials",
    (
        "Take alginate impressions",
        2,
        (
            "Chooses the tray",
            f"Mixes without bubbles {SCALE}",
            "! Watches the airway and seats the patient upright",
            "Shows all teeth and the vestibule",
            "Disinfects and wraps",
        ),
    ),
    (
        "Pour and trim diagnostic casts",
        1,
        (
            "Measures water and powder",
            "Vibrates from one side",
            f"Trims to the angles {SCALE}",
            "! Wears eyewear at the trimmer",
        ),
    ),
    (
        "Make a custom tray",
        1,
        ("Blocks out undercuts", "Keeps an even thickness", "Smooths the border", "! Works with ventilation"),
    ),
)
_PATIENTS = section(
    "Patients and emergencies",
    (
        "Teach brushing and flossing",
        1,
        (TALKS, "Shows on the model first", "Has the patient show it back", "Records what was taught"),
    ),
    (
        "Respond to a fainting patient",
        1,
        (
            "! Stops treatment and calls for help",
            "! Lays the patient flat with raised feet",
            "Checks breathing and pulse",
            "Gives oxygen on request",
            "Records the event",
        ),
    ),
    (
        "Use the emergency kit and oxygen",
        1,
        (
            "Finds the kit within 30 seconds",
            "! Opens the tank and sets the flow",
            "Names each drug and its use",
            "Signs the monthly check",
        ),
    ),
)

LISTS: dict[str, tuple[SkillPlan, ...]] = {
    ASSISTANT.name: (*_INFECTION, *_CHAIRSIDE, *_RADIOGRAPHY, *_LABORATORY, *_PATIENTS),
    EXPANDED.name: section(
        "Expanded duties",
        (
            "Place and remove retraction cord",
            2,
            (PPE, "Chooses the cord", f"Packs without bleeding {SCALE}", "! Accounts for every piece"),
        ),
        (
            "Make and fit a provisional crown",
            2,
            (f"Closes the margins {SCALE}", "Checks contacts and bite", "! Removes all cement", "Polishes"),
        ),
        (
            "Apply sealants",
            2,
            (PPE, "Isolates and etches", "! Shields eyes from the curing light", f"Leaves no voids {SCALE}"),
        ),
        (
            "Polish coronal surfaces",
            2,
            (PPE, "Starts with the least abrasive paste", f"Keeps the cup moving {SCALE}"),
        ),
        (
            "Take a final impression",
            1,
            ("Dries the field", f"Catches the margin {SCALE}", "! Watches the airway"),
        ),
    ),
    OFFICE.name: section(
        "Front desk",
        (
            "Schedule by procedure and time",
            1,
            ("Asks for the reason", "Chooses length and room", f"Fills gaps {SCALE}"),
        ),
        (
            "Check a patient in",
            1,
            ("! Checks identity with two facts", "Updates insurance", "Has privacy forms signed"),
        ),
        (
            "Submit a dental claim",
            2,
            ("Chooses the code", f"Attaches what is needed {SCALE}", "! Bills only what was done"),
        ),
        (
            "Answer a request for records",
            1,
            ("! Checks consent before anything is sent", "Logs the disclosure", "Meets the deadline"),
        ),
    ),
}
