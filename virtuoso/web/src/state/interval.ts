import { signal } from "@preact/signals";

const USUAL_MS = 1000;
const FRUGAL_MS = 5000;
const LOW_BATTERY = 0.2;

// Not all browsers have these.
interface Device {
  readonly connection?: EventTarget & { readonly saveData?: boolean };
  readonly getBattery?: () => Promise<EventTarget & { readonly charging: boolean; readonly level: number }>;
}

/** The shortest time between two messages. It is longer while the device saves data or its battery is low. */
export const messageIntervalMs = signal(USUAL_MS);

const device = navigator as Device;
const causes = { savesData: false, isBatteryLow: false };

function set(cause: Partial<typeof causes>): void {
  Object.assign(causes, cause);
  messageIntervalMs.value = causes.savesData || causes.isBatteryLow ? FRUGAL_MS : USUAL_MS;
}

const readConnection = () => set({ savesData: device.connection?.saveData === true });
readConnection();
device.connection?.addEventListener("change", readConnection);

void device.getBattery?.().then((battery) => {
  const read = () => set({ isBatteryLow: !battery.charging && battery.level <= LOW_BATTERY });
  read();
  for (const event of ["chargingchange", "levelchange"]) battery.addEventListener(event, read);
});
