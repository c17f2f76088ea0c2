import React from "react";
import { createRoot } from "react-dom/client";
import { useForm } from "react-hook-form";
import { usePaymentInputs } from "react-payment-inputs";

function PaymentInputs() {
  const { getCardNumberProps, getExpiryDateProps, getCVCProps } = usePaymentInputs();
  return (
    <p>
      <input {...getCardNumberProps()} id="rpi-num" />
      <input {...getExpiryDateProps()} id="rpi-exp" />
      <input {...getCVCProps()} id="rpi-cvc" />
    </p>
  );
}

function Controlled() {
  const [number, setNumber] = React.useState("");
  const [month, setMonth] = React.useState("");
  globalThis.reactModel = { number, month };
  return (
    <p>
      <input id="react-num" value={number} onChange={(event) => setNumber(event.target.value.replace(/\D/g, "").replace(/(.{4})(?=.)/g, "$1 "))} />
      <select id="react-month" value={month} onChange={(event) => setMonth(event.target.value)}>
        <option value="">MM</option>
        {Array.from({ length: 12 }, (_, place) => (
          <option key={place} value={String(place + 1).padStart(2, "0")}>{place + 1}</option>
        ))}
      </select>
    </p>
  );
}

function HookForm() {
  const { register, getValues } = useForm();
  globalThis.formModel = getValues;
  return <p><input id="form-num" {...register("number")} /></p>;
}

createRoot(document.getElementById("root")).render(<><PaymentInputs /><Controlled /><HookForm /></>);
