// Adds where the student is to the form, when they ask for it. What the browser does not give stays out.

const form = document.querySelector("[data-location]");
const button = form?.querySelector("[data-locate]");
const said = form?.querySelector("[data-located]");

button?.addEventListener("click", () => {
  said.textContent = "Looking for your location…";
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      form.elements.latitude.value = coords.latitude.toFixed(5);
      form.elements.longitude.value = coords.longitude.toFixed(5);
      said.textContent = "Your location will be saved with these hours.";
    },
    () => {
      said.textContent = "Your location was not found or not allowed. You can save the hours without it.";
    },
    { timeout: 10000 },
  );
});
