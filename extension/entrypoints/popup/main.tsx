import { render } from "preact";
import { Popup } from "../../ui/Popup";
import "../../ui/style.css";

const root = document.getElementById("root");
if (root) render(<Popup />, root);
