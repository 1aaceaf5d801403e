"""Cards with a QR code that students hold to a kiosk's scanner instead of typing number and PIN."""
